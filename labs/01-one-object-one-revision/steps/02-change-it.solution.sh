kubectl patch configmap note --patch='{"data":{"text":"hello again"}}'
