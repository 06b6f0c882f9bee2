KUBE_EDITOR="sed -i 's/targetPort: 80/targetPort: 8080/'" kubectl edit service shop
