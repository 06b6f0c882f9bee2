"""What programs do with the official Python client, of objects and of a pod. Its argument is a kubeconfig."""

import json
import sys
import threading
import time
import unittest

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic.exceptions import ConflictError
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes.stream import portforward, stream

config.load_kube_config(sys.argv.pop(1))
core = client.CoreV1Api()
apps = client.AppsV1Api()
NS = "default"
APPLY = "application/apply-patch+yaml"


def refusal(call, *args, **more):
    try:
        call(*args, **more)
    except ApiException as refused:
        return refused.status, json.loads(refused.body)
    raise AssertionError("this should have been refused")


def config_map(name, **more):
    return {"metadata": {"name": name}, **more}


class Objects(unittest.TestCase):
    def test_lists_every_kind_that_it_knows(self):
        answered = set()
        # Of Events of an older kind it says itself that they cannot be: they have no eventTime.
        names = (name for name in dir(client) if name.endswith("V1Api") and name != "EventsV1Api")
        for api in (getattr(client, name)() for name in names):
            for name in dir(api):
                if name.startswith("list_") and name.endswith("_for_all_namespaces"):
                    self.assertIsInstance(getattr(api, name)().items, list)
                    answered.add(name)
        self.assertGreater(len(answered), 20)

    def test_patches_in_each_way_and_is_told_of_a_conflict(self):
        first = core.create_namespaced_config_map(NS, config_map("patched", data={"a": "1"}))
        changed = core.patch_namespaced_config_map("patched", NS, {"data": {"a": None, "b": "2"}})
        self.assertEqual(changed.data, {"b": "2"})
        steps = [{"op": "test", "path": "/data/b", "value": "2"}, {"op": "add", "path": "/data/c", "value": "3"}]
        self.assertEqual(core.patch_namespaced_config_map("patched", NS, steps).data, {"b": "2", "c": "3"})
        code, status = refusal(core.replace_namespaced_config_map, "patched", NS, first)
        self.assertEqual((code, status["reason"]), (409, "Conflict"))
        self.assertEqual(core.delete_namespaced_config_map("patched", NS).status, "Success")

    def test_goes_on_with_a_watch_where_the_last_one_ended(self):
        watching = watch.Watch()
        begin = core.list_namespaced_config_map(NS).metadata.resource_version
        core.create_namespaced_config_map(NS, config_map("watched"))

        def hears(since):
            told = watching.stream(
                core.list_namespaced_config_map,
                NS,
                field_selector="metadata.name=watched",
                resource_version=since,
                timeout_seconds=1,
            )
            return [event["type"] for event in told]

        self.assertEqual(hears(begin), ["ADDED"])
        core.patch_namespaced_config_map("watched", NS, {"data": {"a": "b"}})
        core.delete_namespaced_config_map("watched", NS)
        self.assertEqual(hears(watching.resource_version), ["MODIFIED", "DELETED"])

    def test_reads_in_pages(self):
        for at in range(5):
            core.create_namespaced_config_map(NS, {"metadata": {"name": f"page-{at}", "labels": {"page": "yes"}}})
        seen, rest, more = [], [], None
        while more != "":
            page = core.list_namespaced_config_map(NS, label_selector="page=yes", limit=2, _continue=more)
            seen += [item.metadata.name for item in page.items]
            more = page.metadata._continue or ""
        self.assertEqual(seen, [f"page-{at}" for at in range(5)])
        core.delete_collection_namespaced_config_map(NS, label_selector="page=yes")

    def test_finds_applies_and_scales_a_kind_of_ones_own(self):
        names = {"plural": "gizmos", "kind": "Gizmo", "singular": "gizmo"}
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": schema},
            "subresources": {"status": {}, "scale": scale},
        }
        spec = {"group": "python.example.com", "names": names, "scope": "Namespaced", "versions": [version]}
        definitions = client.ApiextensionsV1Api()
        name = "gizmos.python.example.com"
        definitions.create_custom_resource_definition({"metadata": {"name": name}, "spec": spec})
        told = watch.Watch()
        for event in told.stream(
            definitions.list_custom_resource_definition, field_selector=f"metadata.name={name}", timeout_seconds=20
        ):
            if any(one.type == "Established" and one.status == "True" for one in event["object"].status.conditions or []):
                told.stop()
        gizmos = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="python.example.com/v1", kind="Gizmo")

        def apply(manager, replicas, **more):
            body = {"apiVersion": "python.example.com/v1", "kind": "Gizmo", "metadata": {"name": "one"}}
            body["spec"] = {"replicas": replicas}
            more = {"field_manager": manager, "namespace": NS, "content_type": APPLY, **more}
            return gizmos.patch(name="one", body=json.dumps(body), **more)

        self.assertEqual(apply("otter", 2).spec.replicas, 2)
        with self.assertRaises(ConflictError):
            apply("seal", 3)
        self.assertEqual(apply("seal", 3, force_conflicts=True).spec.replicas, 3)
        merge = {"name": "one", "namespace": NS, "content_type": "application/merge-patch+json"}
        gizmos.status.patch(body={"status": {"replicas": 3}}, **merge)
        gizmos.scale.patch(body={"spec": {"replicas": 5}}, **merge)
        found = gizmos.get(name="one", namespace=NS)
        self.assertEqual((found.spec.replicas, found.status.replicas), (5, 3))
        definitions.delete_custom_resource_definition(name)

    def test_is_an_account_by_its_token(self):
        core.create_namespaced_service_account(NS, {"metadata": {"name": "robot"}})
        told = core.create_namespaced_service_account_token("robot", NS, {"spec": {"expirationSeconds": 600}})
        theirs = client.Configuration.get_default_copy()
        theirs.cert_file = theirs.key_file = None
        theirs.api_key = {"authorization": f"Bearer {told.status.token}"}
        code, status = refusal(client.CoreV1Api(client.ApiClient(theirs)).list_namespaced_pod, NS)
        self.assertEqual(code, 403)
        self.assertIn('User "system:serviceaccount:default:robot" cannot list resource "pods"', status["message"])
        review = client.AuthenticationV1Api().create_token_review({"spec": {"token": told.status.token}})
        self.assertTrue(review.status.authenticated)

    def test_elects_one_of_two(self):
        leading = []

        def stand(name):
            lock = ConfigMapLock("election", NS, name)
            times = {"lease_duration": 6, "renew_deadline": 4, "retry_period": 1}
            begin = lambda: leading.append(name)  # noqa: E731
            leaderelection.LeaderElection(
                electionconfig.Config(lock, onstarted_leading=begin, onstopped_leading=None, **times)
            ).run()

        for name in ("a", "b"):
            threading.Thread(target=stand, args=(name,), daemon=True).start()
        time.sleep(3)
        self.assertEqual(len(leading), 1)


def execute(command, **more):
    streams = {"stdin": False, "stdout": True, "stderr": True, "tty": False, **more}
    return stream(core.connect_get_namespaced_pod_exec, "box", NS, command=command, **streams)


class Streams(unittest.TestCase):
    def test_hears_at_once_how_a_command_ended(self):
        """The client waits for its socket, and does not see what shares a TLS record with a message that it has read."""
        for _ in range(40):
            began = time.monotonic()
            running = execute(["sh", "-c", "echo out; echo err >&2; exit 7"], _preload_content=False)
            running.run_forever(timeout=20)
            self.assertEqual((running.read_stdout(), running.read_stderr()), ("out\n", "err\n"))
            self.assertEqual(running.returncode, 7)
            self.assertLess(time.monotonic() - began, 15)

    def test_speaks_with_a_command(self):
        shell = execute(["sh"], stdin=True, _preload_content=False)
        shell.write_stdin("echo one\n")
        self.assertEqual(shell.readline_stdout(timeout=10), "one")
        shell.write_stdin("echo two >&2\n")
        self.assertEqual(shell.readline_stderr(timeout=10), "two")
        shell.write_stdin("exit 3\n")
        shell.run_forever(timeout=10)
        self.assertEqual(shell.returncode, 3)

    def test_reads_much(self):
        self.assertEqual(len(execute(["sh", "-c", "yes abcdefghi | head -c 5000000"])), 5_000_000)

    def test_attaches(self):
        options = {"stdout": True, "stderr": True, "_preload_content": False}
        attached = stream(core.connect_get_namespaced_pod_attach, "box", NS, **options)
        self.assertEqual(attached.readline_stdout(timeout=10), "tick")
        attached.close()

    def test_forwards_ports_and_says_why_one_is_not_reached(self):
        execute(["sh", "-c", "mkdir -p /www; echo hello > /www/index.html; httpd -p 8080 -h /www"])
        forwarded = portforward(core.connect_get_namespaced_pod_portforward, "box", NS, ports="8080,81")
        web = forwarded.socket(8080)
        web.setblocking(True)
        web.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
        page = b""
        while piece := web.recv(4096):
            page += piece
        self.assertTrue(page.endswith(b"hello\n"), page)
        self.assertIn("connect: connection refused", forwarded.error(81))


unittest.main()
