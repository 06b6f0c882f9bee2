# Step: 1
# Says: Service `hello` sends port 80 on to port 80 of its Pods, where nobody listens; they listen on 8080.
kubectl expose deployment hello --port=80
