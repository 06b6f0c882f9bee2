kubectl get pods --selector='env!=prod' --show-labels
