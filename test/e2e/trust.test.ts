import { useEditor } from "./support";

describe("a workspace that is not trusted, in the window", function () {
  this.timeout(240_000);
  const world = useEditor({ trust: true });

  it("is linted", async () => {
    const { workbench } = world;
    world.write("blocks.py", "import time\n\nasync def main():\n    time.sleep(1)\n");
    await workbench.openFile("blocks.py");
    await workbench.page.locator(".squiggly-error").first().waitFor();
  });

  it("runs nothing and says why, until it is trusted", async () => {
    const { workbench } = world;
    const { page } = workbench;
    await page.getByRole("button", { name: /^Restricted Mode/ }).waitFor();
    await workbench.openFile("three-sleepers.py");
    await workbench.openSidebar("Programs of this workspace are not run, because it is not trusted.");
    await workbench.command("Loopscope: Run with Trace");
    const message = await workbench.notification(
      /This workspace is not trusted, so its programs are not run/,
    );
    await message.getByRole("button", { name: "Manage Trust" }).click();
    await page.getByRole("button", { name: "Trust", exact: true }).click();
    await page.getByText("See every task of an asyncio program").waitFor();
  });
});
