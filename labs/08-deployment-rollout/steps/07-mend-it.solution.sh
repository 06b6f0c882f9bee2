kubectl rollout resume deployment/pay
