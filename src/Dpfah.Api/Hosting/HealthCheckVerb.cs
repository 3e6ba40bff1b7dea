using Dpfah.Api.Health;

namespace Dpfah.Api.Hosting;

/// <summary><c>healthcheck</c>: asks the service of this machine whether it is ready. For container engines, which need no curl then.</summary>
internal static class HealthCheckVerb
{
    /// <returns>0 when the service is ready, else 1.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables("ASPNETCORE_").AddCommandLine(args).Build();
        string? ports = configuration["http_ports"];
        string url = configuration["urls"] ?? (string.IsNullOrEmpty(ports) ? ApiHost.DefaultUrl : $"http://*:{ports}");
        int port = BindingAddress.Parse(url.Split(';')[0]).Port;
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"));
            ReadyResponse? answer = await response.Content.ReadFromJsonAsync<ReadyResponse>();
            Console.WriteLine($"{answer?.Status}: {answer?.Detail}");
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or System.Text.Json.JsonException)
        {
            Console.Error.WriteLine($"not ready: {error.Message}");
            return 1;
        }
    }
}
