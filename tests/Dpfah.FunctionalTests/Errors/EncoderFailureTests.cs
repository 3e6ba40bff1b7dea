using System.Net;
using Dpfah.Core.Imaging;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>What callers hear when the encoder does not answer.</summary>
public sealed class EncoderFailureTests
{
    [Fact]
    public async Task A_full_queue_is_told_with_when_to_come_back()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await StartAsync(database, () => new EncoderBusyException(TimeSpan.FromSeconds(6.5)));

        foreach (Answer answer in await SendAllAsync(service))
        {
            answer.ReadProblem(HttpStatusCode.ServiceUnavailable, "encoder-busy");
            Assert.Equal(TimeSpan.FromSeconds(7), answer.Headers.RetryAfter?.Delta);
        }

        Assert.Empty(await service.Client.ListAsync("default"));
    }

    [Fact]
    public async Task An_unexpected_failure_leads_to_the_log_and_tells_nothing_else()
    {
        using var database = new SqliteTestDatabase();
        await using RunningService service = await StartAsync(database, () => new NotSupportedException("secret of the inside"));

        foreach (Answer answer in await SendAllAsync(service))
        {
            Problem problem = answer.ReadProblem(HttpStatusCode.InternalServerError, "internal-error");
            Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
            string trace = problem.Detail.Split("trace '")[1].Split('\'')[0];
            Assert.Contains(service.Log.Split('\n'), line => line.Contains(trace, StringComparison.Ordinal) && line.Contains("secret of the inside", StringComparison.Ordinal));
        }

        Assert.Empty(await service.Client.ListAsync("default"));
    }

    private static Task<RunningService> StartAsync(TestDatabase database, Func<Exception> fail) =>
        RunningService.StartAsync(database, services => services.AddSingleton<IImageEncoderFactory>(new FailingEncoder(fail)));

    private static async Task<Answer[]> SendAllAsync(RunningService service) =>
    [
        await service.Client.SearchAsync(Pictures.Png(1)),
        await service.Client.PutAsync("default", "a", Pictures.Png(1)),
        await service.Client.SendAsync(HttpMethod.Post, "/compare?id=a", ApiClient.Raw(Pictures.Png(1))),
    ];
}
