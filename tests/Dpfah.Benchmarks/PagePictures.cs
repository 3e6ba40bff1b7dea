using Dpfah.FunctionalTests.Page;
using Microsoft.Playwright;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Takes the README's pictures of the web page from a running demo.</summary>
internal static class PagePictures
{
    // A label whose pictures are taken for others now and then, so that some bits differ.
    private const string Query = "coat";

    public static int Run(string[] args)
    {
        if (args.Length is < 1 or > 2)
        {
            AnsiConsole.WriteLine("usage: page-pictures ADDRESS [FOLDER]     (start the demo first; FOLDER is docs unless named)");
            return 2;
        }

        TakeAsync(new Uri(args[0]), args.Length == 2 ? args[1] : "docs").GetAwaiter().GetResult();
        return 0;
    }

    private static async Task TakeAsync(Uri address, string folder)
    {
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await Chromium.LaunchAsync(playwright);
        IPage page = await (await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1120, Height = 700 },
            ReducedMotion = ReducedMotion.Reduce,
        })).NewPageAsync();

        await page.GotoAsync($"{address}#/search");
        await page.Locator(".card", new() { HasText = Query }).Locator("a.picture").First.ClickAsync();
        await page.Locator(".results .card").First.WaitForAsync();
        await TakeAsync("search");
        await page.Locator(".results button.why").Last.ClickAsync();
        await page.Locator("dialog .stack img.map").First.WaitForAsync();
        await TakeAsync("why");
        await page.Keyboard.PressAsync("Escape");
        await page.GotoAsync($"{address}#/models");
        await page.Locator("figure.chart").First.WaitForAsync();
        await TakeAsync("models");

        async Task TakeAsync(string name)
        {
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            await page.EvaluateAsync("Promise.all([...document.images].filter(image => image.loading !== 'lazy' && image.src).map(image => image.decode().catch(() => {})))");
            string path = Path.Combine(folder, $"page-{name}.png");
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = path });
            AnsiConsole.WriteLine($"{path}: {new FileInfo(path).Length / 1024} KiB");
        }
    }
}
