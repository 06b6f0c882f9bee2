# Step: 2
# Says: but looks for its files in `/usr/share/nginx/html`.
sed -i 's|# Something is missing here.|volumeMounts: [{name: html, mountPath: /html}]|' page.yaml
kubectl apply --filename=page.yaml
