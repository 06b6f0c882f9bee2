# Step: 5
# Says: To take it off: `kubectl label pod cart-test release-`.
kubectl label pod cart-test release=none
