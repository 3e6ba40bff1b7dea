using System.Collections.Concurrent;
using System.Net;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>Clients that upload one picture after the other to the default collection until their service is gone.</summary>
internal sealed class Uploads
{
    private readonly ApiClient client;
    private readonly Func<int> nextNumber;
    private readonly ConcurrentQueue<int> answered = new();
    private readonly Task[] loops;
    private readonly int count;

    // Its continuation runs at once on the client's thread: a kill follows the answer within microseconds.
    private readonly TaskCompletionSource reached = new();
    private volatile bool stopping;

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

    /// <summary>Ends the clients.</summary>
    /// <returns>Numbers of all pictures that were answered 201.</returns>
    public async Task<IReadOnlyCollection<int>> StopAsync()
    {
        stopping = true;
        await Task.WhenAll(loops);
        return answered;
    }

    private async Task UploadAsync()
    {
        while (!stopping)
        {
            int number = nextNumber();
            Answer answer;
            try
            {
                answer = await client.PutAsync("default", IdOf(number), Pictures.Png(number));
            }
            catch (HttpRequestException)
            {
                return; // The service is gone; whether it has the picture, nobody was told.
            }

            if (answer.Status != HttpStatusCode.Created)
            {
                reached.TrySetResult();
                answer.AssertStatus(HttpStatusCode.Created);
            }

            answered.Enqueue(number);
            if (answered.Count >= count)
            {
                reached.TrySetResult();
            }
        }
    }
}
