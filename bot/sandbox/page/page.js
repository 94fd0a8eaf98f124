"use strict";
// The chat page of the sandbox: shows what the bot says, sends what you do. Words in two languages, below.

const TEXTS = {
  en: {
    title: "Chat sandbox", people: "People", block: "Block the bot", unblock: "Open the bot again", tongue: "中文",
    who: "Who do you want to be?", who_hint: "People of the sample book. Codes that the bot sends come to the outbox.",
    name: "Name", phone: "Phone number", begin: "Begin as somebody else", chats: "Chats", none: "No chat yet.",
    photo: "Photo, PDF, voice", write: "Write a message", send: "Send", you: "You", bot: "Bot",
    contact: (number) => `Contact shared: +${number}`, picture: "[a photo]", file: (name) => `Open ${name}`,
    place: "Place", where: "Where are you?", latitude: "Latitude", longitude: "Longitude", leave: "Leave it",
    placed: (where) => `Place: ${where}`, voice: "[a voice message]",
    nobody: "Nobody is in the sample: begin as somebody else.", gone: "The sandbox does not answer. Is it still running?",
  },
  zh: {
    title: "聊天沙盒", people: "人物", block: "屏蔽机器人", unblock: "重新打开机器人", tongue: "English",
    who: "您想扮演谁？", who_hint: "示例账本里的人物。机器人发送的验证码会出现在发件箱里。",
    name: "姓名", phone: "手机号", begin: "扮演其他人", chats: "聊天", none: "还没有聊天。",
    photo: "照片、PDF、语音", write: "输入消息", send: "发送", you: "我", bot: "机器人",
    contact: (number) => `已分享联系人：+${number}`, picture: "[照片]", file: (name) => `打开 ${name}`,
    place: "位置", where: "您在哪里？", latitude: "纬度", longitude: "经度", leave: "取消",
    placed: (where) => `位置：${where}`, voice: "[语音消息]",
    nobody: "示例里没有人物：请扮演其他人。", gone: "沙盒没有回应，它还在运行吗？",
  },
};
const at = (id) => document.getElementById(id);
let tongue = localStorage.getItem("tongue") || (navigator.language.startsWith("zh") ? "zh" : "en");
let chat = null;
let shown = null;
let turn = 0;

const say = (key) => TEXTS[tongue][key];

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function speak() {
  document.documentElement.lang = tongue;
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = say(one.dataset.text);
  at("tongue").textContent = say("tongue");
  at("log").setAttribute("aria-label", say("title"));
  if (shown) draw(shown);
}

async function people() {
  const found = await ask("/people");
  at("personas").replaceChildren(...found.people.map((one) => {
    const button = element("button", one.name);
    button.append(element("small", `${one.phone} · ${one.language}`));
    button.onclick = () => join(one);
    const item = element("li");
    item.append(button);
    return item;
  }));
  if (!found.people.length) at("personas").append(element("li", say("nobody")));
  at("chats").replaceChildren(...found.chats.map((one) => {
    const button = element("button", `${one.name} · ${one.id}`);
    button.onclick = () => open(one.id);
    const item = element("li");
    item.append(button);
    return item;
  }));
  if (!found.chats.length) at("chats").append(element("li", say("none")));
}

async function join(persona, first = "/start") {
  const made = await ask("/chats", persona);
  open(made.id); // it goes on for as long as the chat is shown
  await act("say", { text: first });
}

async function open(id) {
  chat = id;
  document.body.classList.add("talking");
  at("chat").hidden = false;
  at("block").hidden = false;
  const mine = ++turn;
  people();
  if (matchMedia("(hover: hover)").matches) at("text").focus(); // on a phone its keyboard would hide the chat
  let after = -1;
  while (mine === turn) {
    try {
      const state = await ask(`/chats/${id}?after=${after}`);
      if (mine !== turn) return;
      if (state.version !== after) draw(state);
      after = state.version;
    } catch (error) {
      at("with").textContent = say("gone");
      await new Promise((wake) => setTimeout(wake, 2000));
    }
  }
}

let following = true; // what answers one's own doing is shown, wherever one was reading
const act = (what, body = {}) => {
  following = true;
  return ask(`/chats/${chat}/${what}`, body);
};

function draw(state) {
  shown = state;
  at("with").textContent = `${state.name} · ${state.phone}`;
  at("block").textContent = say(state.blocked ? "unblock" : "block");
  at("block").setAttribute("aria-pressed", String(state.blocked));
  const log = at("log");
  const tapped = log.contains(document.activeElement); // what is drawn anew would leave the keyboard nowhere
  if (log.scrollHeight - log.scrollTop - log.clientHeight < 80) following = true;
  log.replaceChildren(...state.messages.map((one) => message(one)));
  if (following) log.scrollTo({ top: log.scrollHeight, behavior: "instant" });
  if (tapped) ([...log.querySelectorAll("li:has(button)")].at(-1)?.querySelector("button") || log).focus({ preventScroll: true });
  const rows = state.board ? state.board.keyboard : [];
  at("board").replaceChildren(...rows.flat().map((one) => {
    const button = element("button", one.text);
    button.type = "button";
    button.onclick = () => (one.request_contact ? act("share") : act("say", { text: one.text }));
    return button;
  }));
}

function taps(one, button) {
  const made = element("button", button.text);
  made.type = "button";
  made.onclick = () => act("tap", { message: one.id, data: button.callback_data });
  return made;
}

function opens(button) {
  const made = element("a", button.text);
  made.href = button.url;
  made.target = "_blank";
  made.rel = "noopener";
  return made;
}

function nearly() { // within a picture's height of its end
  const log = at("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 600;
}

function message(one) {
  const item = element("li", undefined, one.mine ? "mine" : "");
  const time = new Date(one.at * 1000).toLocaleTimeString(tongue, { hour: "2-digit", minute: "2-digit" });
  item.append(element("span", `${say(one.mine ? "you" : "bot")} · ${time}`, "by"));
  const parts = [];
  if (one.contact) parts.push(say("contact")(one.contact));
  if (one.place.length) parts.push(say("placed")(one.place.join(", ")));
  if (one.voice) parts.push(say("voice"));
  if (one.text) parts.push(one.text);
  const said = element("div", undefined, "said");
  if (one.photo) {
    const picture = element("img");
    picture.alt = say("picture");
    picture.src = `/file/botpage/${one.photo}`;
    picture.onload = () => { if (nearly()) at("log").scrollTop = at("log").scrollHeight; };
    said.append(picture);
  }
  said.append(parts.join("\n"));
  if (one.file) {
    const link = element("a", say("file")(one.file));
    link.href = `/file/botpage/${one.file_id}`;
    link.download = one.file;
    said.append(parts.length ? "\n" : "", link);
  }
  item.append(said);
  for (const row of one.buttons) {
    const line = element("div", undefined, "row");
    for (const button of row) {
      line.append(button.url ? opens(button) : taps(one, button));
    }
    item.append(line);
  }
  return item;
}

at("say").onsubmit = (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  at("text").value = "";
  if (text) act("say", { text });
};
at("other").onsubmit = (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  join({ name: form.get("name"), phone: form.get("phone"), language: tongue });
};
at("log").addEventListener("wheel", () => { following = false; }, { passive: true });
at("log").addEventListener("touchmove", () => { following = false; }, { passive: true });
at("photo").onclick = () => at("file").click();
at("file").onchange = () => {
  const file = at("file").files[0];
  if (!file) return;
  const reader = new FileReader();
  reader.onload = () => act("photo", { content: reader.result, caption: at("text").value.trim() });
  reader.readAsDataURL(file);
  at("file").value = "";
};
at("place-open").onclick = () => at("place").showModal();
at("place").onclose = () => {
  if (at("place").returnValue !== "send") return;
  const form = new FormData(at("place").querySelector("form"));
  act("place", { latitude: Number(form.get("latitude")), longitude: Number(form.get("longitude")) });
};
at("people-open").onclick = () => {
  document.body.classList.remove("talking");
  people();
};
at("block").onclick = () => act("block", { blocked: !shown.blocked });
at("tongue").onclick = () => {
  tongue = tongue === "en" ? "zh" : "en";
  localStorage.setItem("tongue", tongue);
  speak();
  people();
};

speak();
people();
const payload = new URLSearchParams(location.search).get("start");
if (payload) {
  history.replaceState(null, "", "/");
  join({ name: "Somebody", phone: "+12025550199", language: tongue }, `/start ${payload}`);
}
if (/^#\d+$/.test(location.hash)) open(Number(location.hash.slice(1)));
