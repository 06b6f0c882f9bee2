# Step: 2
# Says: Service `api` selects `app=api,tier=back`; no Pod has all of these labels. 2 Pods have `app=api,tier=backend`.
kubectl label service api tier=backend
