KUBE_EDITOR="sed -i 's/ngnix:1.26/nginx:1.26/'" kubectl edit deployment store
