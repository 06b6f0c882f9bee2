kubectl set image deployment/web nginx=nginx:does-not-exist
