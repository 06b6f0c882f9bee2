# Step: 6
# Says: Pod `cart-test` is gone, and no loop brings it back.
kubectl delete pod cart-test --now
