using System.Collections.Concurrent;
using System.Net;
using Dpfah.Api.Images;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>
/// Clients that upload one picture after the other to the default collection until their service is gone. While its database is said to be
/// away they send the same picture again.
/// </summary>
internal sealed class Uploads
{
    private static readonly TimeSpan PauseWhileAway = TimeSpan.FromMilliseconds(50);

    private readonly ApiClient client;
    private readonly Func<int> nextNumber;
    private readonly ConcurrentQueue<Uploaded> answered = new();
    private readonly Task[] loops;
    private readonly int count;

    // Its continuation runs at once on the client's thread: a kill follows the answer within microseconds.
    private readonly TaskCompletionSource reached = new();
    private volatile bool stopping;
    private volatile bool databaseMayBeAway;

    /// <summary>Starts the clients.</summary>
    /// <param name="client">Sends their requests.</param>
    /// <param name="nextNumber">Numbers the pictures, each another one.</param>
    /// <param name="clients">How many upload at once.</param>
    /// <param name="count">Answers to wait for (<see cref="Reached"/>).</param>
    public Uploads(ApiClient client, Func<int> nextNumber, int clients, int count)
    {
        this.count = count;
        this.client = client;
        this.nextNumber = nextNumber;
        loops = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(UploadAsync))];
    }

    /// <summary>Id of the picture of a number.</summary>
    public static string IdOf(int number) => $"up/{number}";

    /// <summary>Completes with the answer 201 that makes the count full, or when a client fails.</summary>
    public Task Reached => reached.Task;

    /// <summary>Pictures that were answered so far.</summary>
    public int Count => answered.Count;

    /// <summary>Says that from now on 503 is an answer.</summary>
    public void DatabaseMayBeAway() => databaseMayBeAway = true;

    /// <summary>Ends the clients.</summary>
    /// <returns>All pictures that were acknowledged.</returns>
    public async Task<IReadOnlyCollection<Uploaded>> StopAsync()
    {
        stopping = true;
        await Task.WhenAll(loops);
        return answered;
    }

    private async Task UploadAsync()
    {
        (int number, bool again) = (0, false);
        while (!stopping)
        {
            number = again ? number : nextNumber();
            Answer answer;
            try
            {
                answer = await client.SendAsync(HttpMethod.Put, ApiClient.ImagePath("default", IdOf(number)), ApiClient.Raw(Pictures.Png(number)));
            }
            catch (HttpRequestException)
            {
                return; // The service is gone; whether it has the picture, nobody was told.
            }

            if (answer.Status == HttpStatusCode.ServiceUnavailable && databaseMayBeAway)
            {
                again = true;
                await Task.Delay(PauseWhileAway);
                continue;
            }

            // One that was sent again may have been there: the answer was lost on its way from the database.
            if (answer.Status != HttpStatusCode.Created && !(answer.Status == HttpStatusCode.OK && databaseMayBeAway))
            {
                reached.TrySetResult();
                answer.AssertStatus(HttpStatusCode.Created);
            }

            ImageResponse image = answer.Read<ImageResponse>(answer.Status);
            again = false;
            answered.Enqueue(new Uploaded(number, image.Code, image.Signature));
            if (answered.Count >= count)
            {
                reached.TrySetResult();
            }
        }
    }

    /// <summary>A picture that was acknowledged.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Code">Its code, in hex.</param>
    /// <param name="Signature">Its signature, in hex.</param>
    internal sealed record Uploaded(int Number, string Code, string Signature);
}
