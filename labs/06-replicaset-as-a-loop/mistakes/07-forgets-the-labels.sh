# Step: 7
# Says: The Pods of `cache` carry `app=web`; this step wants `app=cache`.
kubectl apply --filename=- <<'EOF'
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: cache
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: redis
          image: redis:7
EOF
