// A mail's frame is as tall as the mail says it is: nothing is cut off, and nothing scrolls within the page.
const frame = document.getElementById("mail");
const MOST = 20_000;

if (frame) {
  const ask = () => frame.contentWindow.postMessage("tall", "*"); // it may have spoken before anybody listened
  addEventListener("message", (event) => {
    const tall = event.source === frame.contentWindow ? Number(event.data?.tall) : NaN;
    if (tall > 0) frame.style.height = `${Math.min(Math.ceil(tall), MOST)}px`;
  });
  frame.addEventListener("load", ask);
  ask();
}
