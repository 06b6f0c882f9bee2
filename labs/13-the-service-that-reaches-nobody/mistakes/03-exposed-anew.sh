# Step: 3
# Says: Service `shop` listens on port `8080`. Who calls `http://shop` comes to port 80.
kubectl delete service shop
kubectl expose deployment shop
