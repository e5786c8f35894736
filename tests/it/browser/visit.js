// Visits pages in Chromium and prints what it saw as JSON. Arguments: the browser, the site's address,
// a folder for pictures, and the visits as JSON: { name, path, width?, scheme?, media? } each.
"use strict";

const { chromium } = require("playwright-core");
const [executablePath, base, pictures, visits] = process.argv.slice(2);

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// What the browser itself says against the page, and where the page wanted to go beside the site.
async function watch(context, page, problems) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      problems.push(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("requestfailed", (request) => {
    problems.push(`failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) {
      problems.push(`${response.status()}: ${response.url()}`);
    }
  });
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await context.route(
    (url) => url.host !== new URL(base).host,
    (route) => {
      problems.push(`elsewhere: ${route.request().url()}`);
      return route.abort();
    },
  );
}

async function visit(browser, { name, path, width = 1280, scheme = "light", media = "screen" }) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 740 : 900 },
    deviceScaleFactor: width < 600 ? 2 : 1,
    isMobile: width < 600,
    colorScheme: scheme,
  });
  const page = await context.newPage();
  const problems = [];
  await watch(context, page, problems);
  await page.emulateMedia({ media, colorScheme: scheme });
  const response = await page.goto(new URL(path, base).href, { waitUntil: "load" });
  const statuses = [response.status()];
  for (let it = response.request().redirectedFrom(); it; it = it.redirectedFrom()) {
    statuses.unshift((await it.response()).status());
  }
  const seen = await page.evaluate(() => {
    const root = document.documentElement;
    const asked = [...document.querySelectorAll(".asked")];
    const address = document.querySelector(":target .address code");
    if (address) {
      const range = document.createRange();
      range.selectNodeContents(address);
      getSelection().addRange(range);
    }
    return {
      address: location.href,
      title: document.title,
      heading: document.querySelector("h1")?.textContent ?? "",
      tooWide: Math.max(0, root.scrollWidth - root.clientWidth),
      background: getComputedStyle(root).backgroundColor,
      hidden: [...document.querySelectorAll("footer, nav")].filter(
        (it) => getComputedStyle(it).display === "none",
      ).length,
      asked: asked.filter((it) => getComputedStyle(it).display !== "none").map((it) => it.parentElement.id),
      selected: String(getSelection()),
    };
  });
  await page.evaluate(() => getSelection().removeAllRanges());
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  const type = response.headers()["content-type"] ?? "";
  await context.close();
  return { name, statuses, type, problems, ...seen };
}

async function all() {
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  try {
    const seen = [];
    for (const it of JSON.parse(visits)) {
      seen.push(await visit(browser, it));
    }
    process.stdout.write(JSON.stringify(seen));
  } finally {
    await browser.close();
  }
}

all().catch((error) => {
  process.stderr.write(`the browser stumbles: ${error.stack}\n`);
  process.exit(1);
});
