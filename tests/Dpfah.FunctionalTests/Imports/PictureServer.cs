using System.Collections.Concurrent;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dpfah.FunctionalTests.Imports;

/// <summary>A shop's host of pictures on this machine, with good and bad manners.</summary>
internal sealed class PictureServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, int> asked = new();

    private PictureServer(WebApplication app) => this.app = app;

    /// <summary>Its port on loopback.</summary>
    public int Port => new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    /// <summary>How often a path was asked for.</summary>
    public int Asked(string path) => asked.GetValueOrDefault(path);

    public Uri Url(string path) => new($"http://localhost:{Port}{path}");

    public static async Task<PictureServer> StartAsync(Func<int>? otherPort = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var server = new PictureServer(app);
        app.Use((context, next) =>
        {
            server.asked.AddOrUpdate(context.Request.Path.Value!, 1, (_, count) => count + 1);
            return next(context);
        });
        app.MapGet("/{n:int}.png", (int n) => Results.Bytes(Pictures.Png(n), "image/png"));
        app.MapGet("/moved/{n:int}", (int n) => Results.Redirect($"/{n}.png"));
        app.MapGet("/loop", () => Results.Redirect("/loop"));
        app.MapGet("/elsewhere", () => Results.Redirect($"http://localhost:{otherPort?.Invoke()}/1.png"));
        app.MapGet("/file", () => Results.Redirect("file:///etc/passwd"));
        app.MapGet("/large", () => Results.Bytes(new byte[10_001]));
        app.MapGet("/endless", async (HttpContext context) =>
        {
            for (int i = 0; i < 100; i++)
            {
                await context.Response.Body.WriteAsync(new byte[1000]);
                await context.Response.Body.FlushAsync();
            }
        });
        app.MapGet("/slow", async (HttpContext context) => await Task.Delay(TimeSpan.FromMinutes(5), context.RequestAborted));
        app.MapGet("/flaky", () => server.Asked("/flaky") < 3 ? Results.StatusCode(503) : Results.Bytes(Pictures.Png(1)));
        app.MapGet("/broken", () => Results.StatusCode(500));
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}
