kubectl label pod odd app=odd --overwrite
