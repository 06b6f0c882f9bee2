kubectl patch service quote --patch='{"spec":{"sessionAffinity":"None"}}'
