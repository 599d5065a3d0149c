"""Chromium without a window, steered by the DevTools protocol over pipes: the standard library is enough."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Chromium:
    """A browser; `with Chromium() as browser` ends it and takes its profile away."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="consort-chromium-")
        # Chromium reads commands from descriptor 3 and answers on 4, each message closed by a NUL.
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        # Moved out of the way first: either may be 3 or 4 itself.
        commands, answers = self.moved(commands), self.moved(answers)

        def place():
            os.dup2(commands, 3)
            os.dup2(answers, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-dev-shm-usage", "--remote-debugging-pipe", "--user-data-dir=" + self.profile, "about:blank"],
            preexec_fn=place, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.buffer, self.number, self.events = b"", 0, []

    @staticmethod
    def moved(descriptor):
        import fcntl
        high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20)
        os.close(descriptor)
        return high

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise TimeoutError("Chromium does not answer")
            data = os.read(self.answers, 1 << 16)
            if not data:
                raise EOFError("Chromium ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def send(self, method, session=None, seconds=60, **parameters):
        """Calls a method and returns its result; what happens meanwhile is kept in `events`."""
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        if session:
            call["sessionId"] = session
        os.write(self.commands, json.dumps(call).encode() + b"\0")
        deadline = time.monotonic() + seconds
        while True:
            message = self.message(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def open(self, path, dark=False, width=1280, height=900, phone=False, script=True):
        return Page(self, path, dark, width, height, phone, script)


class Page:
    """A page in its own tab: of a file, or at an http address."""

    def __init__(self, browser, path, dark, width, height, phone, script):
        self.browser = browser
        target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(domain + ".enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=phone)
        if phone:
            self.send("Emulation.setTouchEmulationEnabled", enabled=True)
        if not script:
            self.send("Emulation.setScriptExecutionDisabled", value=True)
        self.theme(dark)
        is_address = path.startswith(("http://", "https://"))
        self.send("Page.navigate", url=path if is_address else "file://" + os.path.abspath(path))

    def theme(self, dark):
        self.send("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def send(self, method, **parameters):
        return self.browser.send(method, session=self.session, **parameters)

    def value(self, expression):
        """What an expression gives, promises awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    def wait(self, expression, seconds=20):
        """Waits until an expression holds, and returns what it gives."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.value(expression)
            if found:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"never came true: {expression}")
            time.sleep(0.05)

    def drawn(self):
        """Milliseconds from the start of the navigation until the first chart was drawn."""
        return float(self.wait("document.documentElement?.dataset.drawn"))

    def settle(self, seconds=1.5):
        """Gives the page time where nothing says that it is ready."""
        time.sleep(seconds)

    def draw_all(self):
        """Opens what is folded and scrolls along the page, which draws a chart when a reader comes near, and back."""
        self.drawn()
        self.value("for (const fold of document.querySelectorAll('details:not([open])')) "
                   "{ fold.open = true; fold.dataset.folded = 'yes'; }")
        for _ in range(3):
            for place in range(0, int(self.value("document.documentElement.scrollHeight")), 700):
                self.value(f"scrollTo({{top: {place}, behavior: 'instant'}})")
                self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")
        self.wait("document.documentElement.dataset.missing === '0'")
        self.value("for (const fold of document.querySelectorAll('details[data-folded]')) fold.open = false")
        self.value("scrollTo({top: 0, behavior: 'instant'})")

    def errors(self):
        """Exceptions, and what the console and the browser call errors."""
        self.value("0")
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
                found.append(" ".join(str(argument.get("value", argument.get("description")))
                                      for argument in parameters["args"]))
            elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                found.append(parameters["entry"]["text"])
        return found

    def mouse(self, kind, x, y, **more):
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def key(self, name, code=None):
        codes = {"Enter": 13, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "Tab": 9}
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=name, code=code or name,
                      windowsVirtualKeyCode=codes.get(name, 0), **text)

    def screenshot(self, path, whole=False, clip=None):
        parameters = {"format": "png"}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"]}
        if clip:
            parameters.update(clip={**clip, "scale": 1}, captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.send("Page.captureScreenshot", **parameters)["data"]))

    def pdf(self, path):
        data = self.send("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69,
                         marginTop=0.5, marginBottom=0.5, marginLeft=0.5, marginRight=0.5)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
