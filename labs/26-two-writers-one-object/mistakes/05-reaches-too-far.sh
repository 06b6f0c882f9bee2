# Step: 5
# Says: `.data.soup` of ConfigMap `board` has two owners: `kitchen` and `office`.
kubectl apply --server-side --field-manager=office --force-conflicts --filename=- <<'EOF'
apiVersion: v1
kind: ConfigMap
metadata:
  name: board
data:
  price: "7"
  soup: onion
EOF
