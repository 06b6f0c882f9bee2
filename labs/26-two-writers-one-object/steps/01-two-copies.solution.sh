kubectl patch configmap board --patch='{"data":{"price":"5"}}'
