kubectl set selector service cart app=cart,env=prod
