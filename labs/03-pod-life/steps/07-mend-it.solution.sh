kubectl get pod shop --output=yaml > shop.yaml
sed -i 's/^    image: busybox$/    image: busybox\n    env: [{name: CURRENCY, value: euro}]/' shop.yaml
kubectl replace --force --filename=shop.yaml
