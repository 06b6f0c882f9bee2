kubectl create configmap menu --from-literal=soup=tomato --from-literal=cake=apple
