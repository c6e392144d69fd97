"""The guard follows the work: into threads, executors, tasks and nested calls, and not a step further."""

from __future__ import annotations

from pathlib import Path

from network_child import run


def test_without_a_scope_nothing_is_guarded(tmp_path: Path) -> None:
    found = run(
        """
        told["never asked for"] = [audit_hook.is_installed(), outcome(lambda: send("192.0.2.1"))]
        with guard(offline=False).scope():
            told["off"] = [audit_hook.is_installed(), outcome(lambda: send("192.0.2.1"))]
        one = guard()
        told["outside"] = [audit_hook.is_installed(), outcome(lambda: send("192.0.2.1"))]
        with one.scope():
            told["inside"] = outcome(lambda: send("192.0.2.1"))[:7]
        told["afterwards"] = outcome(lambda: send("192.0.2.1"))
        """,
        tmp_path,
    )
    assert found == {
        "never asked for": [False, "passed"], "off": [False, "passed"], "outside": [True, "passed"], "inside": "refused",
        "afterwards": "passed",
    }  # fmt: skip


def test_threads_that_are_started_inside_stay_inside_for_good(tmp_path: Path) -> None:
    found = run(
        """
        import _thread, contextvars, queue
        go, results = threading.Event(), queue.SimpleQueue()
        def late(name):
            go.wait(5)
            results.put((name, outcome(lambda: send("192.0.2.1"))[:7]))
        class Own(threading.Thread):
            def run(self):
                late("subclass")
        def mother():
            threading.Thread(target=late, args=("grandchild",)).start()
        def raw(name):
            late(name)
        threading.Thread(target=late, args=("started before",)).start()
        with guard().scope():
            threading.Thread(target=late, args=("thread",)).start()
            threading.Thread(target=contextvars.Context().run, args=(late, "thread in an empty context")).start()
            threading.Timer(0.01, late, ("timer",)).start()
            Own().start()
            threading.Thread(target=mother).start()
            _thread.start_new_thread(raw, ("raw",))
            time.sleep(0.2)
        threading.Thread(target=late, args=("started after",)).start()
        go.set()
        for _ in range(8):
            name, what = results.get(timeout=5)
            told[name] = what
        """,
        tmp_path,
    )
    assert {name for name, what in found.items() if what == "passed"} == {"started before", "started after"}
    assert {name for name, what in found.items() if what == "refused"} == {
        "thread", "thread in an empty context", "timer", "subclass", "grandchild", "raw",
    }  # fmt: skip


def test_a_pool_of_the_program_is_guarded_for_the_calls_work_only(tmp_path: Path) -> None:
    found = run(
        """
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(1)
        def ask():
            return outcome(lambda: send("192.0.2.1"))
        with guard().scope():
            told["inside"] = pool.submit(ask).result()[:7]   # the worker thread is started by this
            told["mapped"] = [what[:7] for what in pool.map(lambda _: ask(), range(2))]
        told["outside"] = pool.submit(ask).result()
        with guard().scope():
            told["inside again"] = pool.submit(ask).result()[:7]
            told["of a failure"] = outcome(lambda: pool.submit(socket.getaddrinfo, "host.invalid", 80).result())
        """,
        tmp_path,
    )
    assert found.pop("of a failure").count("child.py:") == 1, "the line that submitted it is named"
    assert found == {"inside": "refused", "mapped": ["refused"] * 2, "outside": "passed", "inside again": "refused"}


def test_tasks_and_loops(tmp_path: Path) -> None:
    found = run(
        """
        async def ask():
            await asyncio.sleep(0)
            return outcome(lambda: send("192.0.2.1"))[:7]
        async def failure(coroutine):
            try:
                await coroutine
            except OfflineRefused as error:
                return "refused"
            except Exception as error:
                return repr(error)
            return "passed"
        async def main():
            loop = asyncio.get_running_loop()
            before = asyncio.create_task(asyncio.sleep(0.05))
            async def host_work():
                await asyncio.sleep(0.02)
                return await ask()
            other = asyncio.create_task(host_work())
            with guard().scope():
                told["here"] = await ask()
                task = asyncio.create_task(ask())
                told["to_thread"] = (await asyncio.to_thread(outcome, lambda: send("192.0.2.1")))[:7]
                told["executor"] = (await loop.run_in_executor(None, outcome, lambda: send("192.0.2.1")))[:7]
                told["stream to a name"] = await failure(asyncio.open_connection("host.invalid", 80))
                told["stream"] = await failure(asyncio.open_connection("192.0.2.1", 80))
                told["tls"] = await failure(asyncio.open_connection("192.0.2.1", 443, ssl=True))
                told["datagrams"] = await failure(
                    loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("192.0.2.1", 53)))
                told["look-up"] = await failure(loop.getaddrinfo("host.invalid", 80))
                told["server"] = await failure(asyncio.start_server(lambda r, w: None, "0.0.0.0", 0))
                transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("0.0.0.0", 0))
                told["sent"] = outcome(lambda: transport.sendto(b"x", ("192.0.2.1", 53)))
                transport.close()
            told["task of it"] = await task
            told["task beside it"] = await other
            told["afterwards"] = await ask()
            told["executor afterwards"] = await loop.run_in_executor(None, outcome, lambda: send("192.0.2.1"))
            await before
        asyncio.run(main())
        """,
        tmp_path,
    )
    outside = {"task beside it", "afterwards", "executor afterwards"}
    assert {name for name, what in found.items() if what == "passed"} - {"sent"} == outside
    found.pop("sent")  # a transport hands errors of sending to its protocol
    assert all(found[name] == "refused" for name in found.keys() - outside - {"server"}), found
    assert "PermissionError" in found["server"] or found["server"] == "refused" or "offline guard" in found["server"]


def test_of_nested_scopes_the_stricter_wins_and_another_thread_has_its_own(tmp_path: Path) -> None:
    found = run(
        """
        a, b, both = guard("192.0.2.1"), guard("192.0.2.2"), guard("192.0.2.1", "192.0.2.2")
        def reached():
            return [n for n in (1, 2, 3) if outcome(lambda: send(f"192.0.2.{n}")) == "passed"]
        with a.scope():
            told["a"] = reached()
            with both.scope():
                told["both in a"] = reached()
            with b.scope():
                told["b in a"] = reached()
                inner = threading.Thread(target=lambda: told.update(thread=reached()))
                inner.start()
            with guard(offline=False).scope():
                told["off in a"] = reached()
            inner.join()
            told["a again"] = reached()
            apart = threading.Thread(target=b.confined(lambda: told.update(confined=reached())))
            apart.start(), apart.join()
        with b.scope():
            told["b"] = reached()
        told["outside"] = reached()
        """,
        tmp_path,
    )
    assert found == {
        "a": [1], "both in a": [1], "b in a": [], "thread": [], "off in a": [1], "a again": [1], "confined": [], "b": [2],
        "outside": [1, 2, 3],
    }  # fmt: skip


def test_the_whole_process(tmp_path: Path) -> None:
    found = run(
        """
        go = threading.Event()
        older = threading.Thread(target=lambda: (go.wait(5), told.update(older=outcome(lambda: send("192.0.2.1"))[:7])))
        older.start()
        told["before"] = outcome(lambda: send("192.0.2.1"))
        guard("192.0.2.1", "192.0.2.5", offline="process")
        told["allowed"] = outcome(lambda: send("192.0.2.5"))
        told["refused"] = outcome(lambda: send("192.0.2.3"))[:7]
        with guard("192.0.2.3", "192.0.2.5").scope():
            told["a call cannot widen it"] = outcome(lambda: send("192.0.2.3"))[:7]
            told["both allow"] = outcome(lambda: send("192.0.2.5"))
        guard("192.0.2.5", offline="process")
        guard("192.0.2.5", offline="process")
        told["a second narrows it"] = outcome(lambda: send("192.0.2.1"))[:7]
        told["lists"] = len(scope.current())
        go.set(), older.join()
        """,
        tmp_path,
    )
    assert found == {
        "before": "passed", "allowed": "passed", "refused": "refused", "a call cannot widen it": "refused", "both allow": "passed",
        "a second narrows it": "refused", "lists": 2, "older": "refused",
    }  # fmt: skip


def test_a_hook_that_does_not_let_the_guard_in_is_told(tmp_path: Path) -> None:
    found = run(
        """
        from orchestrator_core.errors import UsageError
        def veto(event, arguments):
            if event == "sys.addaudithook":
                raise RuntimeError("no")
        sys.addaudithook(veto)
        try:
            guard()
        except UsageError as error:
            told["said"] = str(error)
        told["installed"] = audit_hook.is_installed()
        """,
        tmp_path,
    )
    assert "offline = false" in found["said"]
    assert not found["installed"]


def test_many_guards_make_one_hook_and_a_fork_keeps_it(tmp_path: Path) -> None:
    found = run(
        """
        import os
        hooks = []
        sys.addaudithook(lambda event, arguments: hooks.append(event) if event == "sys.addaudithook" else None)
        guards = [guard(f"192.0.2.{n}") for n in range(1, 20)]
        told["hooks"] = len(hooks)
        with guards[0].scope():
            reader, writer = os.pipe()
            if not (child := os.fork()):
                os.write(writer, outcome(lambda: send("192.0.2.99"))[:7].encode())
                os._exit(0)
            os.waitpid(child, 0)
            told["child"] = os.read(reader, 100).decode()
        """,
        tmp_path,
    )
    assert found == {"hooks": 1, "child": "refused"}


def test_a_closed_coroutine_leaves_nothing_behind(tmp_path: Path) -> None:
    found = run(
        """
        import contextvars
        async def call():
            with guard().scope():
                await asyncio.sleep(0)
        waiting = call()
        contextvars.copy_context().run(waiting.send, None)
        waiting.close()
        told["here"] = outcome(lambda: send("192.0.2.1"))
        """,
        tmp_path,
    )
    assert found == {"here": "passed"}
