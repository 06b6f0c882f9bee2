sed -i 's|# Something is missing here.|volumeMounts: [{name: html, mountPath: /usr/share/nginx/html}]|' page.yaml
kubectl apply --filename=page.yaml
