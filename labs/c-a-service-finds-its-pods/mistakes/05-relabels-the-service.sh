# Step: 5
# Says: Service `web` selects `app=wbe`; no Pod has that label.
kubectl label service web app=web --overwrite
