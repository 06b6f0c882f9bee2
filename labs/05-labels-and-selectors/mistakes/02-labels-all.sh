# Step: 2
# Says: `tier=front` also selects `cart-1`
kubectl label pods --all tier=front
