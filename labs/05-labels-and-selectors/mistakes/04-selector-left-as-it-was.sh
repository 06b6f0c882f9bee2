# Step: 4
# Says: Service `shop` selects `app=shop`; no Pod has that label.
kubectl create service clusterip shop --tcp=80:80
