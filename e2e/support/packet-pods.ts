// Pods that say who called them, and a caller that says what it heard: one program in Python each, so that many questions
// cost one `kubectl exec`.

/** TCP (HTTP) and UDP on 8080: answers `<pod> <caller's address>`. */
const SERVER = `
import os, socket, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
name = os.uname().nodename
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = (name + ' ' + self.client_address[0].replace('::ffff:', '')).encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *args): pass
class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 128
def udp():
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(('::', 8080))
    while True:
        data, caller = s.recvfrom(2048); s.sendto((name + ' ' + caller[0].replace('::ffff:', '')).encode(), caller)
threading.Thread(target=udp, daemon=True).start()
Server(('::', 8080), Handler).serve_forever()
`

/**
 * Each line of its input is \`tcp HOST PORT\` or \`udp HOST PORT\`, and for how many seconds to wait where 10 are too many; answers
 * a line each, or what went wrong.
 * \`names HOST\` are all its addresses, \`back ADDRESS\` the name that an address has.
 * \`hold HOST PORT\` asks over UDP, always from one port, until somebody else answers, and says who did before and who then.
 */
const CALLER = `
import sys, socket, time
def hold(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.3); s.connect((socket.gethostbyname(host), int(port)))
    first = None; end = time.time() + 60
    while time.time() < end:
        try:
            s.send(b'?'); name = s.recv(2048).decode().split()[0]
        except OSError: continue
        if first and name != first: return first + ' ' + name
        first = name; time.sleep(0.1)
    return 'never'
def ask(kind, host, port=0, patience=10):
    if kind == 'hold': return hold(host, port)
    try:
        if kind == 'names': return ' '.join(sorted({info[4][0] for info in socket.getaddrinfo(host, None)}))
        if kind == 'back': return socket.gethostbyaddr(host)[0]
        info = socket.getaddrinfo(host, int(port), 0, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)[0]
        s = socket.socket(info[0], info[1]); s.settimeout(float(patience)); s.connect(info[4])
        s.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')
        data = b''
        while True:
            part = s.recv(4096); data += part
            if kind == 'udp' or not part: break
        return data.decode().split('\\r\\n\\r\\n')[-1]
    except Exception as err:
        return type(err).__name__
for line in sys.stdin:
    print(ask(*line.split()), flush=True)
`

export const pod = (
  name: string,
  told: { node: string; labels?: Record<string, string>; program?: 'serve' | 'wait'; spec?: object },
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: told.labels ?? {} },
  spec: {
    nodeName: told.node,
    terminationGracePeriodSeconds: 0,
    ...told.spec,
    containers: [
      {
        name: 'python',
        image: 'python:3',
        imagePullPolicy: 'IfNotPresent',
        env: [{ name: 'CALLER', value: CALLER }],
        ...(told.program === 'wait'
          ? { command: ['sleep', '100000'] }
          : {
              command: ['python3', '-u', '-c', SERVER],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 },
            }),
      },
    ],
  },
})

export const ASK = 'exec -i client -- sh -c \'python3 -u -c "$CALLER"\''
