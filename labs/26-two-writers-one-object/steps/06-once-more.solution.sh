kubectl apply --server-side --field-manager=release --filename=release.yaml
cat > scaler.yaml <<'EOF'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
EOF
kubectl apply --server-side --field-manager=scaler --filename=scaler.yaml
sed -i 's/nginx:1.26/nginx:1.30/' release.yaml
kubectl apply --server-side --field-manager=release --filename=release.yaml
