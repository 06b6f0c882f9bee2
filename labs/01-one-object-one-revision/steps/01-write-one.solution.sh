kubectl create configmap note --from-literal=text=hello
