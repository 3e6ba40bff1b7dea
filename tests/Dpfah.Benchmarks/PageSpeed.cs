using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dpfah.FunctionalTests.Page;
using Microsoft.Playwright;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>What a person waits for on the web page of a running demo, as its own browser sees it.</summary>
internal static class PageSpeed
{
    private const int Visits = 9;
    private const int MapPoints = 5000;
    private const int DragSteps = 120;

    private const string WatchShifts = """
        window.dpfahShift = 0;
        new PerformanceObserver(list => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.dpfahShift += entry.value;
        }).observe({ type: 'layout-shift', buffered: true });
        """;

    // From the click to the frame after the one in which every picture of the results that is in the window was there.
    private const string ClickFirst = """
        async () => {
          const frame = () => new Promise(requestAnimationFrame);
          const begun = performance.now();
          document.querySelector('.card a.picture').click();
          for (;;) {
            await frame();
            const shown = [...document.querySelectorAll('.results .card img')].filter(image => image.getBoundingClientRect().top < innerHeight);
            if (shown.length && shown.every(image => image.complete && image.naturalWidth)) break;
          }
          await frame();
          return performance.now() - begun;
        }
        """;

    private const string WatchFrames = """
        () => {
          window.dpfahFrames = [];
          let last = null;
          const tick = now => {
            if (last !== null) window.dpfahFrames.push(now - last);
            last = now;
            window.dpfahTicking = requestAnimationFrame(tick);
          };
          window.dpfahTicking = requestAnimationFrame(tick);
        }
        """;

    public static int Run(string[] args)
    {
        if (args.Length != 1)
        {
            AnsiConsole.WriteLine("usage: page ADDRESS     (start the demo first)");
            return 2;
        }

        MeasureAsync(new Uri(args[0])).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task MeasureAsync(Uri address)
    {
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await Chromium.LaunchAsync(playwright);
        var paints = new List<double>();
        var shifts = new List<double>();
        var clicks = new List<double>();
        for (int i = 0; i < Visits; i++)
        {
            // A context of its own: nothing is in its cache.
            await using IBrowserContext context = await OpenAsync(browser);
            IPage page = await context.NewPageAsync();
            await page.AddInitScriptAsync(WatchShifts);
            await page.GotoAsync(address.ToString());
            await page.Locator(".card a.picture").Nth(59).WaitForAsync();
            paints.Add(await page.EvaluateAsync<double>("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
            for (int turn = 0; turn < 8; turn++)
            {
                await page.Mouse.WheelAsync(0, 600);
                await page.WaitForTimeoutAsync(50);
            }

            await page.EvaluateAsync("Promise.all([...document.images].map(image => image.decode().catch(() => {})))");
            shifts.Add(await page.EvaluateAsync<double>("window.dpfahShift"));
            clicks.Add(await page.EvaluateAsync<double>(ClickFirst));
        }

        List<double> frames = await PanAsync(browser, address);
        Table table = Tables.Create(["what", "median", "95th percentile", "largest", "times"]);
        Add(table, "first contentful paint, ms", paints);
        Add(table, "click on a picture of the catalogue to painted results, ms", clicks);
        Add(table, "cumulative layout shift, 60 thumbnails scrolled through", shifts, "0.0000");
        Add(table, $"frames while {MapPoints} points of a map are dragged, ms", frames);
        Tables.Show("page", table, $"Chromium {browser.Version} without a window, 1280 x 900, on loopback; each visit with an empty cache.");
    }

    /// <summary>Drags a map of made-up points of the demo's model, and takes the time of each frame in milliseconds.</summary>
    private static async Task<List<double>> PanAsync(IBrowser browser, Uri address)
    {
        await using IBrowserContext context = await OpenAsync(browser);
        IPage page = await context.NewPageAsync();
        using var client = new HttpClient { BaseAddress = address };
        string model = JsonNode.Parse(await client.GetStringAsync("models"))!["items"]![0]!["name"]!.GetValue<string>();
        await page.RouteAsync("**/models/*/evaluation*", async route =>
        {
            JsonNode answer = JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!;
            answer["plots"] = new JsonArray("tsne.json");
            await route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = answer.ToJsonString() });
        });
        await page.RouteAsync("**/plots/tsne.json", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = Map() }));
        await page.GotoAsync($"{address}#/models?model={Uri.EscapeDataString(model)}");
        ILocator canvas = page.Locator(".scatter canvas");
        await canvas.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult box = (await canvas.BoundingBoxAsync())!;
        (float x, float y) = (box.X + (box.Width / 2), box.Y + (box.Height / 2));
        await page.Mouse.MoveAsync(x, y);
        await page.Mouse.DownAsync();
        await page.EvaluateAsync(WatchFrames);
        for (int step = 0; step < DragSteps; step++)
        {
            float angle = step * MathF.Tau / 40;
            await page.Mouse.MoveAsync(x + (120 * MathF.Sin(angle)), y + (80 * MathF.Cos(angle)));
        }

        double[] frames = await page.EvaluateAsync<double[]>("() => { cancelAnimationFrame(window.dpfahTicking); return window.dpfahFrames; }");
        await page.Mouse.UpAsync();
        return [.. frames];
    }

    private static string Map()
    {
        var random = new Random(1);
        return JsonSerializer.Serialize(new
        {
            points = Enumerable.Range(0, MapPoints).Select(i => new
            {
                id = $"p{i}",
                label = $"class {i % 10}",
                x = (i % 10 * 10) + (random.NextDouble() * 12),
                y = (i * 7 % 10 * 10) + (random.NextDouble() * 12),
            }),
        });
    }

    private static Task<IBrowserContext> OpenAsync(IBrowser browser) =>
        browser.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });

    private static void Add(Table table, string what, List<double> values, string format = "0.0")
    {
        values.Sort();
        table.AddRow(what, Text(values[values.Count / 2]), Text(values[values.Count * 95 / 100]), Text(values[^1]), $"{values.Count}");

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
