# Step: 4
# Types: revision = 2
# Says: a template that comes back gets a new number.
kubectl rollout undo deployment/web
