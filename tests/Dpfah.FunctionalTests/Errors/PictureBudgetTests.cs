using System.Net;
using System.Net.Sockets;
using System.Text;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>Large bodies: many at once (against a process of its own, since the budget is one of the whole process), and slow ones.</summary>
public sealed class PictureBudgetTests
{
    private const int LargestBody = 20 * 1024 * 1024;
    private const int Budget = 512 * 1024 * 1024;

    [Fact]
    public async Task Pictures_that_would_fill_the_memory_are_told_when_to_come_back()
    {
        using var database = new SqliteTestDatabase();
        await using ServiceProcess service = HostProcess.Start(database, new Dictionary<string, string?> { [HostProcess.IsolateDecoder] = "true" });
        await service.WaitUntilReadyAsync();
        using var client = new ApiClient(service.BaseAddress);
        var senders = new List<TcpClient>();
        for (int n = 0; n < Budget / LargestBody; n++)
        {
            senders.Add(await BeginAsync(service.BaseAddress));
        }

        Answer refused = await Eventually.BecomesAsync(
            async () =>
            {
                senders.Add(await BeginAsync(service.BaseAddress));
                return await SearchWithoutLengthAsync(client);
            },
            answer => answer.Status == HttpStatusCode.ServiceUnavailable);
        refused.ReadProblem(HttpStatusCode.ServiceUnavailable, "encoder-busy");
        Assert.NotNull(refused.Headers.RetryAfter);

        senders.ForEach(sender => sender.Dispose());
        await Eventually.BecomesAsync(() => SearchWithoutLengthAsync(client), answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_sender_that_stands_still_is_sent_away()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(database);
        using TcpClient sender = await BeginAsync(service.Address);
        using var reader = new StreamReader(sender.GetStream(), Encoding.Latin1);

        Assert.Equal("HTTP/1.1 408 Request Timeout", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("urn:dpfah:problem:too-slow", await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60)), StringComparison.Ordinal);
    }

    /// <summary>Declares a picture of the largest size and sends nothing of it.</summary>
    private static async Task<TcpClient> BeginAsync(Uri address)
    {
        var sender = new TcpClient();
        await sender.ConnectAsync(address.Host, address.Port);
        await sender.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /search HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {LargestBody}\r\n\r\n"));
        return sender;
    }

    /// <summary>A body of unknown length counts as one of the largest size.</summary>
    private static Task<Answer> SearchWithoutLengthAsync(ApiClient client) =>
        client.SendAsync(HttpMethod.Post, "/search", ApiClient.Raw(Pictures.Png(1)), ("Transfer-Encoding", "chunked"));
}
