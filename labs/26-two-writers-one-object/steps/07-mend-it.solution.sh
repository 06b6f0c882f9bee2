kubectl patch configmap hours --patch='{"data":{"open":"8"}}'
