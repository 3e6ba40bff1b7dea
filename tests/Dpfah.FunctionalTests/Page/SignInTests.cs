using System.Security.Cryptography;
using Dpfah.FunctionalTests.Access;
using Dpfah.FunctionalTests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>The page of a service that needs a key.</summary>
public sealed class SignInTests(Browser browser) : IAsyncLifetime
{
    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private readonly SqliteTestDatabase database = new();
    private RunningService? started;

    private RunningService Service => started ?? throw new InvalidOperationException("The test is not initialized.");

    public async ValueTask InitializeAsync() => started = await RunningService.StartAsync(database, ["--DPFAH_ADMIN_KEY", adminKey]);

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        database.Dispose();
    }

    [Fact]
    public async Task A_key_signs_in_shows_pictures_writes_and_signs_out()
    {
        using ApiClient admin = Service.ClientWith(adminKey);
        await admin.AddAsync("default", "a1", SharedPictures.Picture(1), ["cat"]);
        string key = (await admin.CreateKeyAsync("indexer", "default")).Key;
        await browser.VisitAsync(
            Service.Address,
            "",
            async visit =>
            {
                await SignInAsync(visit, new string('0', 64));
                await Expect(visit.Dialog).ToContainTextAsync("not valid");
                await SignInAsync(visit, key);
                await Expect(visit.Page.Locator("#session")).ToContainTextAsync("Sign out");
                Assert.DoesNotContain(key, await visit.Page.EvaluateAsync<string>("JSON.stringify(sessionStorage) + JSON.stringify(localStorage) + document.cookie"), StringComparison.Ordinal);

                await visit.GoToAsync("search?id=a1");
                await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("a1");
                await Eventually.BecomesAsync(() => visit.Main.Locator("img").First.EvaluateAsync<bool>("image => image.complete && image.naturalWidth > 0"), shown => shown);

                // A write by the cookie, as the page's own scripts do it.
                Assert.Equal(200, await visit.Page.EvaluateAsync<int>("fetch('collections/default', { method: 'PUT' }).then(answer => answer.status)"));

                await visit.AssertFitsAsync();
                await visit.Button("Sign out").ClickAsync();
                await Expect(visit.Dialog).ToContainTextAsync("wants a key");
            },
            expectedErrors: ["401"]);
    }

    private static async Task SignInAsync(Visit visit, string key)
    {
        await Expect(visit.Dialog).ToBeVisibleAsync();
        await visit.Dialog.Locator("input").FillAsync(key);
        await visit.Dialog.GetByText("Sign in").ClickAsync();
    }
}
