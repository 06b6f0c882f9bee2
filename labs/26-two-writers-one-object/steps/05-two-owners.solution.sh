cat > office.yaml <<'EOF'
apiVersion: v1
kind: ConfigMap
metadata:
  name: board
data:
  price: "7"
EOF
kubectl apply --server-side --field-manager=office --force-conflicts --filename=office.yaml
