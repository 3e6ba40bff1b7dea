using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>What a person does with the page in one window.</summary>
/// <param name="page">The window.</param>
/// <param name="address">Where the service listens.</param>
internal sealed class Visit(IPage page, Uri address)
{
    private const int DescribedCharacters = 3000;

    /// <summary>The window.</summary>
    public IPage Page { get; } = page;

    /// <summary>Where the service listens.</summary>
    public Uri Address { get; } = address;

    /// <summary>The part of the page that a view fills.</summary>
    public ILocator Main => Page.Locator("#main");

    /// <summary>What the page said last.</summary>
    public ILocator Message => Page.Locator("#messages .message").Last;

    /// <summary>The links of the pictures that were found or listed, in the order shown.</summary>
    public ILocator Pictures => Main.Locator(".card a.picture");

    /// <summary>The dialog that is open.</summary>
    public ILocator Dialog => Page.Locator("dialog[open]");

    /// <summary>Types an address and waits until the view is filled.</summary>
    /// <param name="target">View and parameters, such as <c>search?id=a1</c>; empty for the start.</param>
    public async Task GoToAsync(string target)
    {
        await Page.GotoAsync(target.Length == 0 ? Address.ToString() : $"{Address}#/{target}");
        await SettledAsync();
    }

    /// <summary>Waits until the view is filled, or the page asks for something first.</summary>
    public Task SettledAsync() => Expect(Page.Locator("#main[aria-busy=false], dialog[open]").First).ToBeAttachedAsync();

    /// <summary>Ids of the pictures that are shown, in order.</summary>
    public async Task<string[]> IdsAsync() =>
        await Pictures.EvaluateAllAsync<string[]>("links => links.map(link => link.title)");

    /// <summary>A button by what it says.</summary>
    public ILocator Button(string text) => Page.GetByRole(AriaRole.Button, new() { Name = text, Exact = true });

    /// <summary>A link by what it says.</summary>
    public ILocator Link(string text) => Page.GetByRole(AriaRole.Link, new() { Name = text, Exact = true });

    /// <summary>Drops files onto an element, as the system does: the browser itself reads them from disk.</summary>
    /// <param name="onto">The element.</param>
    /// <param name="paths">Full paths of the files.</param>
    public async Task DropAsync(ILocator onto, params string[] paths)
    {
        await onto.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult box = await onto.BoundingBoxAsync() ?? throw new InvalidOperationException("What is dropped onto is not shown.");
        ICDPSession session = await Page.Context.NewCDPSessionAsync(Page);
        foreach (string type in (string[])["dragEnter", "dragOver", "drop"])
        {
            await session.SendAsync("Input.dispatchDragEvent", new Dictionary<string, object>
            {
                ["type"] = type,
                ["x"] = box.X + (box.Width / 2),
                ["y"] = box.Y + (box.Height / 2),
                ["data"] = new { items = Array.Empty<object>(), files = paths, dragOperationsMask = 1 },
            });
        }

        await session.DetachAsync();
    }

    /// <summary>Copies a PNG and pastes it with the keyboard.</summary>
    public async Task PasteAsync(byte[] png)
    {
        await Page.EvaluateAsync(
            """
            async text => {
              const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
              await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
            }
            """,
            Convert.ToBase64String(png));
        await Page.Keyboard.PressAsync("Control+v");
    }

    /// <summary>Asserts that nothing lies beyond the right edge of the window.</summary>
    public async Task AssertFitsAsync()
    {
        JsonElement widths = await Page.EvaluateAsync<JsonElement>(
            "({ shown: document.documentElement.clientWidth, needed: document.documentElement.scrollWidth })");
        Assert.True(
            widths.GetProperty("needed").GetInt32() <= widths.GetProperty("shown").GetInt32(),
            $"{Page.Url} is {widths.GetProperty("needed")} px wide in a window of {widths.GetProperty("shown")} px.");
    }

    /// <summary>What the window shows as text, for messages.</summary>
    public async Task<string> DescribeAsync()
    {
        try
        {
            string text = await Page.EvaluateAsync<string>("document.body.innerText");
            return text[..Math.Min(text.Length, DescribedCharacters)];
        }
        catch (PlaywrightException error)
        {
            return error.Message; // The window is gone.
        }
    }
}
