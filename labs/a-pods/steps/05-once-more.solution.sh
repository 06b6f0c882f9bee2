kubectl run cache --image=redis:7 --labels=app=cache,tier=backend
