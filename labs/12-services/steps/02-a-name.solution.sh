kubectl get service hello
