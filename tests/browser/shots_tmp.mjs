import { launch, visit } from "./browser.mjs";
const [base, user, password, ...paths] = process.argv.slice(2);
const browser = await launch();
for (const [name, options] of [["light", {}], ["dark", { dark: true }], ["narrow", { width: 320, height: 640 }]]) {
  const { page, complaints, close } = await visit(browser, options);
  await page.goto(`${base}/login`); await page.fill("#email", user); await page.fill("#password", password); await page.click("main .btn.go");
  for (const path of paths) {
    await page.goto(base + path);
    const file = path.replace(/[^a-z0-9]+/gi, "_").slice(0, 40);
    await page.screenshot({ path: `/tmp/shots_h/${name}${file}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > (options.width || 1280)) console.log("WIDE", name, path, wide);
    if (name === "light") await page.pdf({ path: `/tmp/shots_h/print${file}.pdf`, format: "A4" });
  }
  console.log(name, complaints);
  await close();
}
await browser.close();
