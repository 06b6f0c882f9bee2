# Step: 3
# Says: Service `shop` sends port 8080 on to `80` of its Pods, where nobody listens; they listen on `8080 (http)`.
kubectl patch service shop --type=json --patch='[{"op":"replace","path":"/spec/ports/0/port","value":8080}]'
