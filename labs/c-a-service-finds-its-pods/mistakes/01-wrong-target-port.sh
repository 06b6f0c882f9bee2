# Step: 1
# Says: Service `web` sends port 80 on to port 8080 of its Pods, where nobody listens; they listen on 80.
kubectl expose deployment web --port=80 --target-port=8080
