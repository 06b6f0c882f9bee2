kubectl patch configmap board --patch='{"data":{"soup":"leek","price":"6"}}'
