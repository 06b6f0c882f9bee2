# Step: 7
# Says: ConfigMap `hours` says `close=18` again
sed -i -e '/resourceVersion/d' -e 's/"9"/"8"/' hours.yaml
kubectl replace --filename=hours.yaml
