using Dpfah.Api.Demo;
using Dpfah.Api.Hosting;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Models;
using Dpfah.Learning.Encoders;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Spectre.Console;

if (args is ["healthcheck", ..])
{
    return await HealthCheckVerb.RunAsync(args[1..]);
}

return args.Contains("--demo")
    ? await ApiHost.RunAsync([.. args.Where(arg => arg != "--demo")], AddDemoEncoding, RunDemoAsync)
    : await ApiHost.RunAsync(args, LearningServices.AddDpfahEncoding);

static void AddDemoEncoding(IServiceCollection services, ServiceOptions options)
{
    LearningServices.AddDpfahEncoding(services, options);
    services.AddSingleton(new InitialModel(FashionModel.Name, FashionModel.Files));
}

static async Task RunDemoAsync(WebApplication app)
{
    string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) };
    if (app.Configuration[ApiHost.AdminKeyVariable] is { Length: > 0 } key)
    {
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    var runner = new DemoRunner(
        client, app.Services.GetRequiredService<ServiceState>(), ServiceOptions.Read(app.Configuration).DataFolder, AnsiConsole.Console);
    try
    {
        await runner.RunAsync(app.Lifetime.ApplicationStopping);
    }
    catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
    {
        // Stopped from the terminal before the demo was through.
    }
    catch (HttpRequestException error)
    {
        // The service goes on; what is missing is filled in at the next start.
        AnsiConsole.MarkupLineInterpolated($"[red]The demo was not completed:[/] {error.Message}");
    }
}
